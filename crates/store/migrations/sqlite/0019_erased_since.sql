CREATE INDEX erasures_entry ON erasures (entry);
