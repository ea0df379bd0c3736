DROP INDEX erasures_entry;
