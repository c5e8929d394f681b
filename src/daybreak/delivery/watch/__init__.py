"""Before a morning is missed: the board, the alarms, the rehearsals, and the mail's standing in the world.

Read `board.py` first.
"""
