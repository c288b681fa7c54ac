-- Written by Standfast from the plan. Run again whenever it changes; every line may be repeated.
SELECT 'CREATE ROLE "{{ ask.name }}" LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{ ask.name }}') \gexec
ALTER ROLE "{{ ask.name }}" PASSWORD '{{ ask.verifier }}';
SELECT 'CREATE DATABASE "{{ ask.name }}" OWNER "{{ ask.name }}"'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{{ ask.name }}') \gexec
