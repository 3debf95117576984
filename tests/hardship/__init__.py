"""Each room's stories, told under hardship (`kit.hardship`). A new room adds its line here."""
