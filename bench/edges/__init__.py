"""An edge as it is rendered, on the loopback of this computer: for bin/bench front and tests."""
