"""How many calls a schema must see before more work is put into it.

Calls are counted per compiled schema and direction, so that a schema made for one
request never pays for compiling, and one that stays is soon as fast as it can be.
"""

#: The first calls are marshmallow's own; the next ones run the interpreted program.
INTERPRETED_AFTER = 1
#: After this many calls, source is generated.
SOURCE_AFTER = 100
#: A schema that keeps changing waits longer each time, up to this factor.
MAX_PATIENCE = 1024
#: Combinations of options (`unknown`, `partial`) remembered per schema.
MAX_OPTIONS = 16
