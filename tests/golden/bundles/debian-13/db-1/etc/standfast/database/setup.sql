-- Written by Standfast from the plan. Run again whenever it changes; every line may be repeated.
SELECT 'CREATE ROLE "timesheets" LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'timesheets') \gexec
ALTER ROLE "timesheets" PASSWORD 'SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$tr6D+Z3uKaPKxHFPO2P6L1n0CiCTKjhuKtDNhk4ObqA=:6RA8S1g2vAIcwZL5HDMvMcTeb2oUgwCejxdMN1TMhXI=';
SELECT 'CREATE DATABASE "timesheets" OWNER "timesheets"'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'timesheets') \gexec
