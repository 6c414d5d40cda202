"""Protocols that several systems speak, without settings of their own."""
