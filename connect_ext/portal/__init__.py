"""The portal's variables, and the settings made from them."""
