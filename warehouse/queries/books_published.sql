SELECT book, hash, toUnixTimestamp64Micro(published_at), published_by, content
FROM books FINAL
WHERE book = %(book)s
ORDER BY published_at DESC
LIMIT %(limit)s
