"""Each room's stories, told under hardship (`tests.kit.hardship`). A new room adds its line here."""
