"""The sources of a person's timeline: each module here gives one as SOURCE, found by walking this folder."""
