"""What follows an investigation: reporters are answered, people who must decide are reminded, the lake and the incident are told.

Reads investigations as they stand, and what the settings say of them.
Gives answers, reminders, events, an end to old investigations, and the people restricted from sending.
"""
