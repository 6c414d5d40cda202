"""What this slice adds to other pages: where the health of rules is read."""

from watchfloor.hunting.health import CUSTOM, SIGMA
from watchfloor.runtime.services import show_health_at

show_health_at(SIGMA, href="/hunting/sigma?state=failing")
show_health_at(CUSTOM, href="/hunting/detections")
