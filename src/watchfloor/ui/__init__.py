"""How we look: tokens, layout, typed component tags, behaviours, charts, the gallery.

Reads nothing of other slices; navigation entries are handed in by the composition root.
Gives `render_page` and the component tags that every template uses.
"""
