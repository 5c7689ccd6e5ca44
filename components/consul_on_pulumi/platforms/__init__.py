"""How agents are placed: one package for each backend, all behind one contract."""
