DROP TABLE jobs;

DROP TABLE leases;
