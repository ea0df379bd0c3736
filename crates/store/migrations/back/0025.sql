DROP TABLE prunings;
