"""YAML → rules, every error as file:line:col."""

from rules.language.errors import BookError, BookErrors
from rules.language.loader import BOOK, load_book
from rules.language.rule import Book, Rule

__all__ = ["BOOK", "Book", "BookError", "BookErrors", "Rule", "load_book"]
