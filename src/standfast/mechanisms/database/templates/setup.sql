-- Written by Standfast from the plan. Run on the primary whenever it changes; every line may be
-- repeated.
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE "{{ ask.name }}" LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{ ask.name }}') \gexec
ALTER ROLE "{{ ask.name }}" PASSWORD '{{ ask.verifier }}';
SELECT 'CREATE DATABASE "{{ ask.name }}" OWNER "{{ ask.name }}"'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{{ ask.name }}') \gexec
{% for role in ask.replicators %}
-- Receives WAL, and may do nothing else.
SELECT 'CREATE ROLE "{{ role }}" LOGIN REPLICATION'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{ role }}') \gexec
{% endfor %}
\connect "{{ ask.name }}"
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
