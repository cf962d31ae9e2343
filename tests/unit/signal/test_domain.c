/* SPDX-License-Identifier: MIT */
/* Registrable and shared domains, addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/signal.h>

#include <stdio.h>

static struct wn_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

static const char *registrable(const char *text)
{
	struct wn_str out = WN_STR("untouched");

	if (wn_domain_registrable(wn_str_of(text), arena, &out))
		return wn_arena_strdup(arena, out);
	assert_true(wn_str_is(out, "untouched"));
	return "";
}

static void sees_through_urls_ports_case_and_subdomains(void **state)
{
	static const char *const same[] = {"acme.com",
					   "WWW.Acme.COM",
					   "acme.com.",
					   "https://acme.com",
					   "https://www.acme.com:8443/a?b#c",
					   "http://user:pass@acme.com/",
					   "//acme.com/x",
					   "careers.eu.acme.com",
					   "acme.com/careers",
					   "acme.com:80",
					   "ana@acme.com",
					   "mailto:ana@acme.com",
					   "  acme.com\n",
					   "https://acme.com?x=y@other.org",
					   "https://acme.com\\@other.org"};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(same); i++)
		assert_string_equal(registrable(same[i]), "acme.com");
}

static void only_the_registrable_part_decides(void **state)
{
	(void)state;
	assert_string_equal(registrable("acme.com.track-x.com"), "track-x.com");
	assert_string_equal(registrable("notacme.com"), "notacme.com");
	assert_string_equal(registrable("shop.acme.co.uk"), "acme.co.uk");
	assert_string_equal(registrable("acme.github.io"), "acme.github.io");
	assert_string_equal(registrable("b.example.example"), "example.example");
}

static void international_names_become_ascii(void **state)
{
	(void)state;
	assert_string_equal(registrable("www.Müller.de"), "xn--mller-kva.de");
	assert_string_equal(registrable("www.Mu\xcc\x88ller.de"), "xn--mller-kva.de");
	assert_string_equal(registrable("https://食狮.公司.cn/"), "xn--85x722f.xn--55qx5d.cn");
	assert_string_equal(registrable("XN--MLLER-KVA.DE"), "xn--mller-kva.de");
}

static void refuses_what_is_no_domain_of_anybody(void **state)
{
	static const char *const none[] = {"",
					   "com",
					   "co.uk",
					   ".com",
					   ".example.com",
					   "a..com",
					   "127.0.0.1",
					   "http://127.1/",
					   "[::1]",
					   "http://[2001:db8::1]:80/",
					   "0x7f.1",
					   "localhost",
					   "-acme.com",
					   "acme-.com",
					   "ac me.com",
					   "acme.com:http",
					   "https://",
					   "1.2.3.4.5",
					   "acme,com",
					   "\xff\xfe.com",
					   "a\x01.com",
					   "https://a\"b.com"};
	char long_label[80] = {0};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(none); i++)
		assert_string_equal(registrable(none[i]), "");
	memset(long_label, 'a', 64);
	strcat(long_label, ".com");
	assert_string_equal(registrable(long_label), "");
	struct wn_str nul = {"acme.com\0.org", 13}, out;
	assert_false(wn_domain_registrable((struct wn_str){NULL, 0}, arena, &out));
	assert_false(wn_domain_registrable(WN_STR(" \n"), arena, &out));
	assert_false(wn_email_normalise((struct wn_str){NULL, 0}, arena, &out));
	assert_false(wn_domain_registrable(nul, arena, &out));
}

static void shared_domains_cover_what_is_below_them(void **state)
{
	static const char *const shared[] = {"gmail.com",     "acme.github.io", "acme.substack.com",
					     "medium.com",    "linkedin.com",   "x.com",
					     "greenhouse.io", "lever.co",       "acme.vercel.app",
					     "outlook.com",   "t-online.de",    "google.com"};
	static const char *const own[] = {"acme.com", "notgmail.com", "acme.uk.com", "com", "", "mygithub.io"};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(shared); i++)
		assert_true(wn_domain_is_shared(wn_str_of(shared[i])));
	for (size_t i = 0; i < WN_COUNT(own); i++)
		assert_false(wn_domain_is_shared(wn_str_of(own[i])));
}

static const char *email(const char *text)
{
	struct wn_str out = WN_STR("untouched");

	if (wn_email_normalise(wn_str_of(text), arena, &out))
		return wn_arena_strdup(arena, out);
	assert_true(wn_str_is(out, "untouched"));
	return "";
}

static void addresses_are_lowered_and_unwrapped(void **state)
{
	(void)state;
	assert_string_equal(email(" Ana.Silva@Acme.COM "), "ana.silva@acme.com");
	assert_string_equal(email("Ana Silva <ana@acme.com>"), "ana@acme.com");
	assert_string_equal(email("mailto:ana@acme.com?subject=hi"), "ana@acme.com");
	assert_string_equal(email("ana+tag@müller.de"), "ana+tag@xn--mller-kva.de");
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const none[] = {"",
					   "ana",
					   "@acme.com",
					   "ana@",
					   "ana@acme",
					   "a@b@acme.com",
					   "ana silva@acme.com",
					   "ana@acme .com",
					   "ana\n@acme.com",
					   "ana@acme.com\r\nBcc: x@y.com",
					   ".ana@acme.com",
					   "ana.@acme.com",
					   "a..b@acme.com",
					   "ana@127.0.0.1",
					   "ana@acme.com:25",
					   "<ana@acme.com",
					   "ana@acme.com>",
					   "\"ana\"@acme.com",
					   "an\xc3\xa4@acme.com",
					   "ana@acme.com."};
	char long_local[100] = {0};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(none); i++)
		assert_string_equal(email(none[i]), "");
	memset(long_local, 'a', 65);
	strcat(long_local, "@acme.com");
	assert_string_equal(email(long_local), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sees_through_urls_ports_case_and_subdomains),
	    cmocka_unit_test(only_the_registrable_part_decides),
	    cmocka_unit_test(international_names_become_ascii),
	    cmocka_unit_test(refuses_what_is_no_domain_of_anybody),
	    cmocka_unit_test(shared_domains_cover_what_is_below_them),
	    cmocka_unit_test(addresses_are_lowered_and_unwrapped),
	    cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
