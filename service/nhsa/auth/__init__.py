"""How an institution proves who it is: by an HMAC, by the x-tif gateway, by SM2, or not at all where configured."""
