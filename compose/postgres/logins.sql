-- Logins of the services, each a member of the one role it needs; the register of one per region, which it does not inherit.
-- Running it again sets the passwords anew.
\set store_password `echo "$STORE_PASSWORD"`
\set reader_password `echo "$READER_PASSWORD"`
\set register_password `echo "$REGISTER_PASSWORD"`
SELECT 'CREATE ROLE store LOGIN NOINHERIT' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'store') \gexec
SELECT 'CREATE ROLE reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') \gexec
SELECT 'CREATE ROLE register LOGIN NOINHERIT' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'register') \gexec
ALTER ROLE store PASSWORD :'store_password';
ALTER ROLE reader PASSWORD :'reader_password';
ALTER ROLE register NOINHERIT PASSWORD :'register_password';
GRANT vardstrom_store TO store;
GRANT vardstrom_reader TO reader;
GRANT vardstrom_register_r14 TO register;
