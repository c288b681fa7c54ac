# Whether this edge's HAProxy answers: asked once a second, before it may hold an address.
#
#   perl answering.pl [SOCKET [SECONDS]]      ends with 0 if it does
#
# Asked at its own socket, not at a public address: one that is elsewhere would answer from there. Its
# worker has to say how it is (management guide 9.3, `show info`), so one that hangs counts as dead.
# In Perl without any module, which is on every Debian: once a second for as long as the edge lives it
# takes 2 ms of a core; a Python takes 9 until its first line.
use strict;

my $path = shift // "/run/haproxy/admin.sock";
my $within = shift // 0.9;    # less than keepalived waits for this program
my ($unix, $stream) = (1, 1);
my ($line, $readable, $said) = (undef, "", "");

socket($line, $unix, $stream, 0)
    && connect($line, pack("S a108", $unix, $path))
    && syswrite($line, "show info\n")
    or exit 1;
vec($readable, fileno($line), 1) = 1;
while (select(my $now = $readable, undef, undef, $within) > 0 && sysread($line, $said, 65536, length $said)) {
    exit 0 if $said =~ /\nPid: /;
}
exit 1;
