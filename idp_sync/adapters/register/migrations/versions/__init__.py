"""One module for each revision of the schema. What was released is never edited."""
