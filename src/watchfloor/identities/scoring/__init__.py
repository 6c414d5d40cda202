"""The explained risk score: points from alerts and activities that decay over seven days and sum to one number per person.

Reads sign-ins and activities of the lake and alerts of the incidents slice by cursor.
Gives points with their sentence, factors and evidence, the score's place in the organisation, and an alert on a sudden rise.
"""
