"""The variables of the portal, and the settings that they become."""
