CREATE INDEX operations_reference ON operations (reference, entry, id) WHERE reference IS NOT NULL;

CREATE INDEX operations_created ON operations (entry >> 10, created_at);
