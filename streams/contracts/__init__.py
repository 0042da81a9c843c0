"""The topics for other programs: JSON Schemas and an AsyncAPI document, made from the structs."""
