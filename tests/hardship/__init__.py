"""Each room's stories under hardship (`tests.kit.hardship`). A new room adds its line here."""
