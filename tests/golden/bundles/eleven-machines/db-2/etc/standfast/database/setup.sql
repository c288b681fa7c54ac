-- Written by Standfast from the plan. Run on the primary whenever it changes; every line may be
-- repeated.
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE "timesheets" LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'timesheets') \gexec
ALTER ROLE "timesheets" PASSWORD 'SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$tr6D+Z3uKaPKxHFPO2P6L1n0CiCTKjhuKtDNhk4ObqA=:6RA8S1g2vAIcwZL5HDMvMcTeb2oUgwCejxdMN1TMhXI=';
SELECT 'CREATE DATABASE "timesheets" OWNER "timesheets"'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'timesheets') \gexec
-- Receives WAL, and may do nothing else.
SELECT 'CREATE ROLE "wal_receiver" LOGIN REPLICATION'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wal_receiver') \gexec
\connect "timesheets"
CREATE SCHEMA IF NOT EXISTS standfast;
-- A row a second from the primary: the newest one in a copy says how old the copy's data is.
CREATE TABLE IF NOT EXISTS standfast.heartbeat (
    at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
    machine text NOT NULL
);
-- What an observer of both copies wrote last: on the primary, and looked for on the secondary.
CREATE TABLE IF NOT EXISTS standfast.canary (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    run uuid NOT NULL
);
-- The digest of the setup that was run here last.
CREATE TABLE IF NOT EXISTS standfast.setup (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    digest text NOT NULL
);
