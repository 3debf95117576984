"""The expression languages that users write, evaluated within limits; pure.

`exprlang` (conditions of analyses, notifications), `expression_templates` (`${{ }}`), `gotemplate` (text/template with
Sprig), `fasttemplate` (`{{name}}`), `slugs` (names derived from any text).
"""
