"""What is added to an event that its source did not say: where an address lies, which system a client runs. Pure Python.

Reads the data of the packaged libraries and `countries.csv`, one point in the middle of each country.
Gives `place_of`, `whereabouts` of many addresses, `client_of` and `completed`.
"""

from watchfloor.lake.enriching.addresses import kind_of, place_of
from watchfloor.lake.enriching.clients import client_of
from watchfloor.lake.enriching.completing import completed
from watchfloor.lake.enriching.many import Whereabouts, warm, whereabouts

__all__ = ["Whereabouts", "client_of", "completed", "kind_of", "place_of", "warm", "whereabouts"]
