DROP INDEX users_full_name;

DROP INDEX api_keys_name;

DROP INDEX api_keys_shown;
