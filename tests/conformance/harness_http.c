// SPDX-License-Identifier: MIT
// links: daemon
/*
 * Conformance harness of the poller: the true daemon (poller, intake, sweeper) with the true HTTP client on a virtual clock,
 * against a real PostgreSQL and a scripted server on loopback. check_http.py starts it, plays the server and compares.
 *
 *   harness_http CONFIG CONNINFO SHARED PORT START_US
 *
 * SHARED is a file of two int64 that both sides map: the virtual instant (ours) and the number of requests served (the
 * server's). Names resolve as the lines "NAME ADDRESS[,ADDRESS]" of SHARED.names say, else to 93.184.216.34. Every address
 * passes the filter of the daemon as in life; what it lets through is connected to PORT and noted in SHARED.connects.
 *
 *   next UNTIL_US    turns the clock on until a request was served or to UNTIL_US; answers "INSTANT SERVED"
 *   poll FEED        `feed poll`
 */
#include "../../daemon/daemon.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <whynow/log.h>

struct shared {
	_Atomic int64_t now_us, served;
};
struct world {
	struct wn_daemon d;
	struct shared *shared;
	char names[4200], connects[4200], answer[1000];
	in_port_t port;
};

static const char *on_resolve(void *ctx, const char *host)
{
	struct world *w = ctx;
	char name[300], addresses[600];
	if (strspn(host, "0123456789.") == strlen(host) || strchr(host, ':'))
		return NULL; /* an address, not a name */
	FILE *f = fopen(w->names, "re");
	snprintf(w->answer, sizeof(w->answer), "93.184.216.34");
	while (f && fscanf(f, "%299s %599s", name, addresses) == 2)
		if (strcmp(name, host) == 0)
			snprintf(w->answer, sizeof(w->answer), "%s", addresses);
	if (f)
		fclose(f);
	return w->answer;
}

static void on_rewire(void *ctx, struct sockaddr_storage *addr)
{
	struct world *w = ctx;
	char text[100] = "?";
	struct sockaddr_in *to = (struct sockaddr_in *)addr;
	const void *ip = addr->ss_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)addr)->sin6_addr : (void *)&to->sin_addr;
	inet_ntop(addr->ss_family, ip, text, sizeof(text));
	FILE *f = fopen(w->connects, "ae");
	if (f) {
		fprintf(f, "%s\n", text);
		fclose(f);
	}
	*addr = (struct sockaddr_storage){0};
	to->sin_family = AF_INET;
	to->sin_port = w->port;
	to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static struct shared *map_shared(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static void tell_time(struct world *w) { atomic_store(&w->shared->now_us, wn_clock_now_us(w->d.clock)); }

/* One timer after the other, so that the server always reads the instant at which it is asked. */
static void next(struct world *w, int64_t until_us)
{
	int64_t before = atomic_load(&w->shared->served);
	wn_loop_run_until_idle(w->d.loop);
	while (atomic_load(&w->shared->served) == before && wn_loop_next_us(w->d.loop) <= until_us) {
		int64_t at = wn_loop_next_us(w->d.loop), now = wn_clock_now_us(w->d.clock);
		atomic_store(&w->shared->now_us, at > now ? at : now);
		wn_loop_advance(w->d.loop, at > now ? at : now);
	}
	if (atomic_load(&w->shared->served) == before)
		wn_loop_advance(w->d.loop, until_us);
	tell_time(w);
	printf("%lld %lld\n", (long long)wn_clock_now_us(w->d.clock), (long long)atomic_load(&w->shared->served));
}

static void do_line(struct world *w, char *line)
{
	struct wn_err err = {0};
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "next ", 5) == 0)
		next(w, atoll(line + 5));
	else if (strncmp(line, "poll ", 5) == 0)
		printf("%s\n", wn_poller_now(&w->d, wn_str_of(line + 5), &err) ? err.text : "asked");
	fflush(stdout);
}

static int start(struct world *w, char **argv)
{
	struct wn_http_wiring wiring = {on_resolve, on_rewire, w};
	struct wn_arena *a = wn_arena_new(0);
	const char *sets[] = {wn_arena_printf(a, "database.conninfo=%s", argv[2]), NULL};
	struct wn_err err = {0};
	char line[300], text[1200];
	w->d.clock = wn_clock_new_virtual(atoll(argv[5]));
	w->d.loop = wn_loop_new(w->d.clock);
	w->d.net = wn_http_client_new(w->d.loop, &(struct wn_http_options){.wiring = &wiring});
	w->d.simulated = w->d.have_key = true;
	memset(w->d.key, 7, sizeof(w->d.key));
	w->d.args = (struct wn_arguments){.config_path = argv[1], .sets = sets};
	tell_time(w);
	if (wn_daemon_start(&w->d, &err)) {
		wn_err_to_text(&err, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin))
		do_line(w, line);
	wn_daemon_stop(&w->d);
	wn_http_client_free(w->d.net);
	wn_book_free(w->d.book);
	wn_loop_free(w->d.loop);
	wn_clock_free(w->d.clock);
	wn_arena_free(a);
	return 0;
}

int main(int argc, char **argv)
{
	struct world w = {0};
	if (argc != 6 || !(w.shared = map_shared(argv[3]))) {
		fprintf(stderr, "usage: harness_http CONFIG CONNINFO SHARED PORT START_US\n");
		return 2;
	}
	w.port = htons((in_port_t)atoi(argv[4]));
	snprintf(w.names, sizeof(w.names), "%s.names", argv[3]);
	snprintf(w.connects, sizeof(w.connects), "%s.connects", argv[3]);
	wn_log_set_level(getenv("WHYNOW_VERBOSE") ? WN_DEBUG : WN_ERR);
	return start(&w, argv);
}
