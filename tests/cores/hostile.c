/* Tries what a core has no business to do: as soon as it is mapped, while it loads its game, and in its first frame.
 *
 * It shows what came of it: 64x48 pixels of which cell n (8x8, in rows) is white if attempt n was refused and black if
 * it succeeded. The last cell but one is what it did before anybody called it, the last is white if what a core does
 * have business to do still works. What it is to reach is in the game file, in words: a file of another room's saves, a
 * TCP port that listens, an abstract Unix socket's name, a process of the same user. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"

enum { WIDTH = 64, HEIGHT = 48, CELL = 8, EARLY = 46, FREE = 47 };

static uint32_t picture[HEIGHT][WIDTH];
static bool refused[FREE + 1];
static int attempts;
static char game_path[512], saves[512], neighbour[512], name[128];
static int port, victim;

static void note(const char *what, bool was_refused) {
    if (attempts < EARLY) refused[attempts++] = was_refused;
    if (!was_refused) fprintf(stderr, "hostile: not refused: %s\n", what);
}

#define ATTEMPT(call) (errno = 0, note(#call, (long)(call) < 0))

static int tried_to_open(const char *path, int flags) {
    int handle = open(path, flags, 0600);
    if (handle >= 0) close(handle);
    return handle;
}

static int started(int child) {
    if (child == 0) _exit(0);
    if (child > 0) waitpid(child, NULL, 0);
    return child;
}

static int talked_to_tcp(void) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return handle < 0 ? -1 : connect(handle, (void *)&there, sizeof there);
}

static int talked_to_unix(void) {
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(there.sun_path + 1, name, strlen(name));
    size_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
    return handle < 0 ? -1 : connect(handle, (void *)&there, (socklen_t)length);
}

/* An open media socket, turned against somebody else: connected, it would talk to that one alone, on TCP's terms. */
static int redirected(void) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(53)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int handle = 3; handle < 256; handle++)
        if (connect(handle, (void *)&there, sizeof there) == 0) return 0;
    return -1;
}

static int raised_limits(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
    return setrlimit(RLIMIT_CORE, &limit);
}

static int wrote_too_much(void) {
    char path[600];
    snprintf(path, sizeof path, "%s/huge", saves);
    int handle = open(path, O_RDWR | O_CREAT, 0600), result = ftruncate(handle, 1L << 40);
    close(handle);
    unlink(path);
    return result;
}

static int mapped_too_much(void) {
    return mmap(NULL, 1L << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int led_out(void) {
    char path[600];
    snprintf(path, sizeof path, "%s/link", saves);
    return symlink("/etc/passwd", path);
}

static void attack_files(void) {
    ATTEMPT(tried_to_open("/etc/passwd", O_RDONLY));
    ATTEMPT(tried_to_open("/proc/self/root/etc/passwd", O_RDONLY));
    ATTEMPT(tried_to_open("/proc/self/environ", O_RDONLY));
    ATTEMPT(tried_to_open("/dev/shm/hostile", O_RDWR | O_CREAT));
    ATTEMPT(tried_to_open("/tmp/hostile", O_RDWR | O_CREAT));
    ATTEMPT(tried_to_open(neighbour, O_RDONLY));
    ATTEMPT(tried_to_open(neighbour, O_WRONLY));
    ATTEMPT(unlink(neighbour));
    ATTEMPT(truncate(neighbour, 0));
    ATTEMPT(chmod(neighbour, 0777));
    ATTEMPT(tried_to_open(game_path, O_WRONLY));
    ATTEMPT(truncate(game_path, 0));
    ATTEMPT(unlink(game_path));
    ATTEMPT(led_out());
    ATTEMPT(wrote_too_much());
}

static void attack_network(void) {
    ATTEMPT(talked_to_tcp());
    ATTEMPT(talked_to_unix());
    ATTEMPT(socket(AF_INET, SOCK_DGRAM, 0));
    ATTEMPT(socket(AF_INET6, SOCK_DGRAM, 0));
    ATTEMPT(socket(AF_NETLINK, SOCK_RAW, 0));
    ATTEMPT(socket(AF_PACKET, SOCK_RAW, 0));
    ATTEMPT(redirected());
}

static void attack_processes(void) {
    char *const arguments[] = {"true", NULL};
    struct iovec piece = {picture, 8};
    ATTEMPT(execv("/bin/true", arguments));
    ATTEMPT(started(fork()));
    ATTEMPT(started((int)syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0, 0, 0)));
    ATTEMPT(kill(victim, SIGTERM));
    ATTEMPT(kill(-1, 0));
    ATTEMPT(ptrace(PTRACE_ATTACH, victim, 0, 0));
    ATTEMPT(syscall(SYS_process_vm_readv, victim, &piece, 1, &piece, 1, 0));
    ATTEMPT(syscall(SYS_pidfd_open, victim, 0));
    ATTEMPT(setpriority(PRIO_PROCESS, (id_t)victim, 19));
    ATTEMPT(raised_limits());
    ATTEMPT(mapped_too_much());
}

static void attack_the_kernel(void) {
    struct io_uring_params parameters = {0};
    ATTEMPT(syscall(SYS_io_uring_setup, 4, &parameters));
    ATTEMPT(syscall(SYS_bpf, 5, picture, 8));
    ATTEMPT(syscall(SYS_keyctl, 0, -3, 1));
    ATTEMPT(syscall(SYS_perf_event_open, picture, 0, -1, -1, 0));
    ATTEMPT(syscall(SYS_userfaultfd, 0));
    ATTEMPT(unshare(0x10000000));
    ATTEMPT(mount("none", "/tmp", "tmpfs", 0, ""));
    ATTEMPT(chroot("/"));
    ATTEMPT(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
    ATTEMPT(prctl(PR_SET_DUMPABLE, 0));
    ATTEMPT(prctl(PR_SET_PDEATHSIG, 0));
}

__attribute__((constructor)) static void attack_early(void) {
    refused[EARLY] = tried_to_open("/etc/passwd", O_RDONLY) < 0 && socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static void *run(void *argument) { return argument; }

/* A thread, and a file of its own: what a core may do. */
static bool free_enough(void) {
    pthread_t thread;
    char path[600], back[5] = "";
    snprintf(path, sizeof path, "%s/Game.own", saves);
    int handle = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    bool kept = write(handle, "kept", 4) == 4 && pread(handle, back, 4, 0) == 4 && !memcmp(back, "kept", 4);
    close(handle);
    return kept && pthread_create(&thread, NULL, run, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

/* Without a sandbox, to see that these attempts would succeed; the others would leave traces on the machine. */
static void attack_tamely(void) {
    ATTEMPT(tried_to_open("/etc/passwd", O_RDONLY));
    ATTEMPT(tried_to_open(neighbour, O_RDWR));
    ATTEMPT(talked_to_tcp());
    ATTEMPT(talked_to_unix());
    ATTEMPT(socket(AF_INET, SOCK_DGRAM, 0));
    ATTEMPT(started(fork()));
}

static void attack(void) {
    attempts = 0;
    if (getenv("HOSTILE_CORE_IS_TAME")) {
        attack_tamely();
        return;
    }
    attack_files();
    attack_network();
    attack_processes();
    attack_the_kernel();
    while (attempts < EARLY) refused[attempts++] = true;
    refused[FREE] = free_enough();
}

void retro_get_system_info(struct system_info *info) {
    *info = (struct system_info){.name = "Hostile", .version = "1", .extensions = "hostile"};
}

bool retro_load_game(const struct game_info *game) {
    enum pixel_format format = XRGB8888;
    const char *folder = NULL;
    if (!game || !environment(GET_SAVE_DIRECTORY, &folder) || !folder) return false;
    snprintf(saves, sizeof saves, "%s", folder);
    snprintf(game_path, sizeof game_path, "%s", game->path);
    if (sscanf(game->data, "%500s %d %100s %d", neighbour, &port, name, &victim) != 4) return false;
    attack();
    return environment(SET_PIXEL_FORMAT, &format);
}

void retro_run(void) {
    new_frame();
    if (frame == 1) attack();
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) picture[y][x] = refused[y / CELL * (WIDTH / CELL) + x / CELL] ? 0xFFFFFF : 0;
    video(picture, WIDTH, HEIGHT, sizeof picture[0]);
}
