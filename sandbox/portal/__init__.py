"""The sandbox's page: what Connect's portal, the vendor and an operator see, in a browser."""

from sandbox.portal.portal import Portal

__all__ = ["Portal"]
