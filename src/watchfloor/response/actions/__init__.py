"""The actions on mail, one file each; `catalogue` finds them by walking this folder."""
