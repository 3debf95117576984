"""The expression languages that users write, evaluated within limits; pure.

`gotemplate` (text/template with Sprig), `fasttemplate` (`{{name}}`), `slugs` (names made of any text).
"""
