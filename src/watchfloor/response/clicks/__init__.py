"""Click protection: links in delivered mail lead here first, and are judged when somebody clicks.

Reads the entries and indicators in force and what the lake has learned of URLs since the mail came.
Gives the protected body to the milter, answers clicks, and writes each as a row of UrlClickEvents.
"""
