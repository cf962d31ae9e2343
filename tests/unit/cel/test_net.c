/* SPDX-License-Identifier: MIT */
/* Addresses and ranges: what is read, how it is written, what lies in what. */
#include "fixture.h"

static void addresses_are_read_strictly(void **state)
{
	static const char *const good[] = {"0.0.0.0", "192.0.2.255", "::", "::1", "1::", "2001:db8::8:800:200c:417a",
					   "1:2:3:4:5:6:7:8", "64:ff9b::192.0.2.33", "::FFFF:C000:201"};
	static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", " 1.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "1:2:3:4:5:6:7",
					  "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", "1:2:3:4:5:6:7:8::", "12345::", "g::", "fe80::1%eth0",
					  "::ffff:192.0.2.1", "[::1]", "1.2.3.4/8", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"};
	char text[200];

	for (size_t i = 0; i < WN_COUNT(good); i++) {
		snprintf(text, sizeof(text), "isIP('%s') && ip('%s') == ip('%s')", good[i], good[i], good[i]);
		assert_verdict(*state, text, "true");
	}
	for (size_t i = 0; i < WN_COUNT(bad); i++) {
		snprintf(text, sizeof(text), "isIP('%s')", bad[i]);
		assert_verdict(*state, text, "false");
		snprintf(text, sizeof(text), "ip('%s').family() > 0", bad[i]);
		assert_verdict(*state, text, "unknown");
	}
	assert_verdict(*state, "isIP('1.2.3.4\\000')", "false");
}

static void ranges_are_read_strictly(void **state)
{
	static const char *const good[] = {"0.0.0.0/0", "10.1.2.3/8", "192.0.2.1/32", "::/0", "2001:db8::/128"};
	static const char *const bad[] = {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8",
					  "/8", "fe80::1%eth0/64", "::ffff:10.0.0.0/104", "::ffff:a00:0/104", "10.0.0.0/999", "10.0.0.0/1000"};
	char text[200];

	for (size_t i = 0; i < WN_COUNT(good) + WN_COUNT(bad); i++) {
		bool ok = i < WN_COUNT(good);

		snprintf(text, sizeof(text), "isCIDR('%s')", ok ? good[i] : bad[i - WN_COUNT(good)]);
		assert_verdict(*state, text, ok ? "true" : "false");
	}
}

static void assert_written(struct world *w, const char *from, const char *as)
{
	char text[400];

	snprintf(text, sizeof(text), "string(ip('%s')) == '%s' && ip.isCanonical('%s') == ('%s' == '%s')", from, as, from, from, as);
	assert_verdict(w, text, "true");
}

static void addresses_are_written_as_rfc_5952_says(void **state)
{
	assert_written(*state, "2001:0DB8:0:0:0:0:0:1", "2001:db8::1");
	assert_written(*state, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"); /* one group is not shortened */
	assert_written(*state, "2001:0:0:1:0:0:0:1", "2001:0:0:1::1");          /* the longest run */
	assert_written(*state, "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");    /* of two the first */
	assert_written(*state, "0:0:0:0:0:0:0:0", "::");
	assert_written(*state, "1:0:0:0:0:0:0:0", "1::");
	assert_written(*state, "0:0:0:0:0:0:0:1", "::1");
	assert_written(*state, "::102:304", "::102:304");
	assert_written(*state, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_written(*state, "::ffff:c000:201", "192.0.2.1");
	assert_verdict(*state, "string(cidr('2001:DB8::1/33')) == '2001:db8::1/33'", "true");
	assert_verdict(*state, "string(dyn(ip('10.0.0.1'))) == '10.0.0.1'", "true");
}

static void addresses_know_what_they_are_for(void **state)
{
	assert_verdict(*state, "['127.0.0.1', '127.255.0.9', '::1'].all(a, ip(a).isLoopback() && !ip(a).isGlobalUnicast())", "true");
	assert_verdict(*state, "['224.0.0.251', 'ff02::1', 'ff12::1'].all(a, ip(a).isLinkLocalMulticast() && !ip(a).isGlobalUnicast())", "true");
	assert_verdict(*state, "['224.0.1.1', 'ff05::1', 'fe80::1'].exists(a, ip(a).isLinkLocalMulticast())", "false");
	assert_verdict(*state, "['169.254.0.1', 'fe80::1', 'febf::1'].all(a, ip(a).isLinkLocalUnicast() && !ip(a).isGlobalUnicast())", "true");
	assert_verdict(*state, "['fec0::1', '169.253.0.1'].exists(a, ip(a).isLinkLocalUnicast())", "false");
	assert_verdict(*state, "['10.0.0.1', '8.8.8.8', '2001:db8::1', 'fc00::1'].all(a, ip(a).isGlobalUnicast())", "true");
	assert_verdict(*state, "['255.255.255.255', '239.0.0.1', '0.0.0.0', '::'].exists(a, ip(a).isGlobalUnicast())", "false");
	assert_verdict(*state, "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && ip('0.0.0.0') != ip('::')", "true");
}

static void ranges_hold_addresses_and_ranges_of_their_family(void **state)
{
	assert_verdict(*state, "cidr('10.1.2.3/20').masked() == cidr('10.1.0.0/20') && cidr('10.1.2.3/20').ip() == ip('10.1.2.3')", "true");
	assert_verdict(*state, "cidr('10.1.0.0/20').containsIP('10.1.15.255')", "true");
	assert_verdict(*state, "cidr('10.1.0.0/20').containsIP('10.1.16.0')", "false");
	assert_verdict(*state, "cidr('10.1.2.3/20').containsIP(ip('10.1.0.1'))", "true");
	assert_verdict(*state, "cidr('0.0.0.0/0').containsIP('255.1.2.3') && !cidr('0.0.0.0/0').containsIP('::1')", "true");
	assert_verdict(*state, "cidr('2001:db8::/33').containsIP('2001:db8:7fff::1') && !cidr('2001:db8::/33').containsIP('2001:db8:8000::1')", "true");
	assert_verdict(*state, "cidr('10.0.0.0/8').containsCIDR('10.0.0.0/7')", "false");
	assert_verdict(*state, "cidr('10.0.0.0/8').containsCIDR(cidr('10.9.0.0/16')) && !cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')", "true");
	assert_verdict(*state, "cidr('10.0.0.0/8').containsIP('nonsense')", "unknown");
	assert_verdict(*state, "cidr('::/0').masked().prefixLength() == 0", "true");
}

static void they_are_types_of_their_own(void **state)
{
	assert_verdict(*state, "type(ip('::1')) == net.IP && type(cidr('::1/1')) == net.CIDR && net.IP != net.CIDR", "true");
	assert_verdict(*state, "dyn(ip('10.0.0.1')) == dyn(cidr('10.0.0.1/32')) || dyn(ip('10.0.0.1')) == dyn('10.0.0.1')", "false");
	assert_verdict(*state, "[ip('10.0.0.1'), ip('::1')] == [ip('10.0.0.1'), ip('0::1')]", "true");
	assert_verdict(*state, "ip('10.0.0.1') in [ip('10.0.0.2'), ip('10.0.0.1')]", "true");
	assert_verdict(*state, "[ip('::1'), ip('0::1')].distinct().size() == 1", "true");
	assert_refused(*state, "isIP(cidr('10.0.0.0/8'))", "isIP");
	assert_refused(*state, "ip('10.0.0.1') == '10.0.0.1'", "");
	assert_refused(*state, "ip('10.0.0.1') < ip('10.0.0.2')", "");
	assert_verdict(*state, "dyn(1).isLoopback()", "unknown");
}

RUN(CASE(addresses_are_read_strictly), CASE(ranges_are_read_strictly), CASE(addresses_are_written_as_rfc_5952_says),
    CASE(addresses_know_what_they_are_for), CASE(ranges_hold_addresses_and_ranges_of_their_family), CASE(they_are_types_of_their_own))
