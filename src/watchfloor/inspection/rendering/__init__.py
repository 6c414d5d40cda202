"""Pictures and printed pages made by a browser that is locked up for one job and then killed.

Reads HTML that strangers wrote (scripts off) or that we wrote (scripts on); neither reaches any network or file.
Gives PNG and PDF, or a typed error that says why there is none.
"""
