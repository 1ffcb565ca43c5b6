DROP TABLE register.published;
