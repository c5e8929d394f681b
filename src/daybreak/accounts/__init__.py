"""The staff: editors and the publisher, who sign in under /desk/. Readers are not here: see `circulation`."""
