// TFTP devices, as many as asked for, each with an address of its own: options (RFC 2347, 2348), windows (RFC 7440), one
// ACK for each window, one for each gap, the last ACK again after a second of silence. Every block is compared with the
// file it should come from. In C, because in any other language here the devices would be slower than the servers.
//
//   load SERVER PORT NAME FILE DEVICES FIRST-ADDRESS BLKSIZE WINDOWSIZE LOST-PERMILLE SECONDS
//
// Prints one line of JSON when all have finished, or the seconds are up. Of LOST-PERMILLE of all datagrams, each way, it
// takes no notice, or does not send them. Exit code 1 for a wrong byte.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6, BATCH = 32, LONGEST = 65536, SILENCE_MS = 1000 };

struct device {
  int socket;
  int connected, done, failed;
  long block_size, window;
  long last;         // highest block that came in order
  long unacked;      // blocks since the last ACK
  long ahead;        // highest block seen beyond a gap; 0 if there is no gap
  double heard_at;
};

static const uint8_t *file;
static long file_size;
static struct sockaddr_in server;
static uint8_t request[512];
static long request_length;
static long lost_permille, received, ignored, sent, bytes, running, most_running;
static uint64_t chance = 0x9e3779b97f4a7c15;

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(2);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

// xorshift64*: the same datagrams are lost in each run.
static int lost(void) {
  if (lost_permille == 0) return 0;
  chance ^= chance >> 12, chance ^= chance << 25, chance ^= chance >> 27;
  return (long)((chance * 0x2545f4914f6cdd1d) >> 33) % 1000 < lost_permille;
}

static void ask(struct device *d) {
  sent++;
  if (!lost() && sendto(d->socket, request, request_length, 0, (void *)&server, sizeof server) < 0 && errno != ECONNREFUSED)
    die("cannot send a request");
}

static void acknowledge(struct device *d) {
  uint8_t ack[4] = {0, ACK, d->last >> 8, d->last};
  d->unacked = 0;
  sent++;
  if (!lost()) send(d->socket, ack, sizeof ack, 0);
}

static void finish(struct device *d, int failed) {
  d->done = 1;
  d->failed = failed;
  running--;
  close(d->socket);
}

static void take_options(struct device *d, const char *at, const char *end) {
  while (at < end) {
    const char *name = at, *value = name + strnlen(name, end - name) + 1;
    if (value >= end) return;
    if (!strcasecmp(name, "blksize")) d->block_size = atol(value);
    if (!strcasecmp(name, "windowsize")) d->window = atol(value);
    at = value + strnlen(value, end - value) + 1;
  }
}

static void take_data(struct device *d, long wire, const uint8_t *data, long length) {
  long step = (int16_t)(uint16_t)(wire - d->last), block = d->last + step;
  if (step != 1) {
    // A gap is told once for each flight that shows it. What was there before is acknowledged again if it is the last.
    if (step > 0) {
      if (d->ahead == 0 || block <= d->ahead) acknowledge(d);
      d->ahead = block;
    } else if (step == 0) acknowledge(d);
    return;
  }
  long start = (block - 1) * d->block_size, left = file_size - start;
  if (length != (left < d->block_size ? left : d->block_size) || memcmp(file + start, data, length)) {
    fprintf(stderr, "load: block %ld is not the file's\n", block);
    exit(1);
  }
  d->last = block;
  d->ahead = 0;
  bytes += length;
  if (++d->unacked == d->window || length < d->block_size) acknowledge(d);
  if (length < d->block_size) finish(d, 0);
}

static void take(struct device *d, const uint8_t *packet, long length, const struct sockaddr_in *from) {
  if (d->done || length < 2) return;
  received++;
  if (lost()) {
    ignored++;
    return;
  }
  d->heard_at = now_ms();
  if (packet[1] == ERROR) {
    fprintf(stderr, "load: ERROR %d %.*s\n", packet[3], (int)length - 5, packet + 4);
    finish(d, 1);
    return;
  }
  if (!d->connected) {
    if (connect(d->socket, (const void *)from, sizeof *from) < 0) die("cannot connect");
    d->connected = 1;
    if (++running > most_running) most_running = running;
  }
  if (packet[1] == OACK && d->last == 0) {
    take_options(d, (const char *)packet + 2, (const char *)packet + length);
    acknowledge(d);
  } else if (packet[1] == DATA && length >= 4) take_data(d, packet[2] << 8 | packet[3], packet + 4, length - 4);
}

static void hear(struct device *d) {
  static uint8_t buffers[BATCH][LONGEST];
  static struct sockaddr_in from[BATCH];
  static struct iovec parts[BATCH];
  static struct mmsghdr batch[BATCH];
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){buffers[i], LONGEST};
    batch[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(d->socket, batch, BATCH, MSG_DONTWAIT, NULL);
  // The server's port is closed: a second of silence will show.
  for (int i = 0; i < count; i++) take(d, buffers[i], batch[i].msg_len, &from[i]);
}

static void open_socket(struct device *d, uint32_t address) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
  int room = 4 << 20;
  d->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (d->socket < 0) die("no socket");
  setsockopt(d->socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (bind(d->socket, (void *)&own, sizeof own) < 0) die("cannot bind");
  d->block_size = 512, d->window = 1;
}

static void read_file(const char *path) {
  struct stat is;
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &is) < 0) die(path);
  file_size = is.st_size;
  file = mmap(NULL, file_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (file == MAP_FAILED) die(path);
}

static void put(const char *text) {
  memcpy(request + request_length, text, strlen(text) + 1);
  request_length += strlen(text) + 1;
}

int main(int argc, char **argv) {
  if (argc != 11) return fprintf(stderr, "load: see load.c\n"), 2;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])), .sin_addr.s_addr = inet_addr(argv[1])};
  read_file(argv[4]);
  int devices = atoi(argv[5]);
  uint32_t first = ntohl(inet_addr(argv[6]));
  request[1] = RRQ, request_length = 2;
  put(argv[3]), put("octet"), put("blksize"), put(argv[7]);
  if (atoi(argv[8]) > 1) put("windowsize"), put(argv[8]);
  lost_permille = atol(argv[9]);
  double limit = atof(argv[10]) * 1e3;

  struct device *all = calloc(devices, sizeof *all);
  int poll = epoll_create1(0), left = devices, failed = 0, finished = 0;
  for (int i = 0; i < devices; i++) {
    open_socket(&all[i], first + i);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, all[i].socket, &event) < 0) die("cannot poll");
  }
  double began = now_ms(), now = began, looked_at = began;
  for (int i = 0; i < devices; i++) all[i].heard_at = began, ask(&all[i]);
  while (left > 0 && now - began < limit) {
    static struct epoll_event ready[256];
    // It never sleeps: a server would have to wake it, and on a virtual machine that costs more than sending does.
    int count = epoll_wait(poll, ready, 256, 0);
    for (int i = 0; i < count; i++) {
      struct device *d = ready[i].data.ptr;
      if (!d->done) hear(d);
      if (d->done) left--;
    }
    now = now_ms();
    if (now - looked_at < 20) continue;
    looked_at = now;
    for (int i = 0; i < devices; i++) {
      if (all[i].done || now - all[i].heard_at < SILENCE_MS) continue;
      all[i].heard_at = now;
      if (all[i].connected) acknowledge(&all[i]);
      else ask(&all[i]);
    }
  }
  for (int i = 0; i < devices; i++) failed += all[i].failed, finished += all[i].done && !all[i].failed;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"finished\":%d,\"unfinished\":%d,\"received\":%ld,\"lost\":%ld,\"sent\":%ld,\"mostAtOnce\":%ld}\n",
         (now - began) / 1e3, bytes, finished, devices - finished, received, ignored, sent, most_running);
  return 0;
}
