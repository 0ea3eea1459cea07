"""A whole application of 1.x and its suite: every test passes."""

from compat import shop_suite
from compat.kit import fact

for _name, _how in sorted(shop_suite.run().items()):

    @fact(_name.replace("compat.shop_suite.", ""))
    def _(how=_how):
        return how
