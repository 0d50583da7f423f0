/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Balanced trees (AVL) whose nodes come and go: an allocator of size classes with free lists, as a program's malloc
 * has them, keys inserted, found and removed at random.
 */
#include "bench.h"

const unsigned kernel_rounds = 1100000;
#define KEYS 16384u /* half of them are in the tree */

/* ---- the allocator: classes of 16 bytes, cut off one arena ---- */

#define CLASSES 16
static _Alignas(16) uint8_t arena[4 << 20];
static uint32_t arena_used;
static struct free_part {
    struct free_part *next;
} *free_parts[CLASSES];

static __attribute__((noinline)) void *allocate(uint32_t bytes)
{
    uint32_t class = (bytes + 8 + 15) / 16;
    struct free_part *part = free_parts[class];
    uint8_t *at;

    if (part) {
        free_parts[class] = part->next;
        return part;
    }
    at = arena + arena_used;
    arena_used += class * 16;
    *(uint64_t *)at = class; /* in front of what is given */
    return at + 8;
}

static __attribute__((noinline)) void release(void *p)
{
    uint64_t class = *((uint64_t *)p - 1);
    struct free_part *part = p;

    part->next = free_parts[class];
    free_parts[class] = part;
}

/* ---- the tree ---- */

struct node {
    struct node *left, *right;
    uint32_t key;
    int32_t height, length;
    uint8_t text[]; /* length bytes */
};

static int32_t height(const struct node *n)
{
    return n ? n->height : 0;
}

static void measure(struct node *n)
{
    int32_t l = height(n->left), r = height(n->right);
    n->height = (l > r ? l : r) + 1;
}

static struct node *rotate_right(struct node *n)
{
    struct node *l = n->left;
    n->left = l->right;
    l->right = n;
    measure(n);
    measure(l);
    return l;
}

static struct node *rotate_left(struct node *n)
{
    struct node *r = n->right;
    n->right = r->left;
    r->left = n;
    measure(n);
    measure(r);
    return r;
}

static struct node *balance(struct node *n)
{
    int32_t lean = height(n->left) - height(n->right);

    if (lean > 1) {
        if (height(n->left->left) < height(n->left->right))
            n->left = rotate_left(n->left);
        return rotate_right(n);
    }
    if (lean < -1) {
        if (height(n->right->right) < height(n->right->left))
            n->right = rotate_right(n->right);
        return rotate_left(n);
    }
    measure(n);
    return n;
}

static struct node *insert(struct node *n, struct node *new)
{
    if (!n)
        return new;
    if (new->key < n->key)
        n->left = insert(n->left, new);
    else
        n->right = insert(n->right, new);
    return balance(n);
}

static struct node *take_least(struct node *n, struct node **least)
{
    if (!n->left) {
        *least = n;
        return n->right;
    }
    n->left = take_least(n->left, least);
    return balance(n);
}

static struct node *take(struct node *n, uint32_t key, struct node **taken)
{
    if (key < n->key) {
        n->left = take(n->left, key, taken);
    } else if (key > n->key) {
        n->right = take(n->right, key, taken);
    } else {
        struct node *least;
        *taken = n;
        if (!n->right)
            return n->left;
        struct node *right = take_least(n->right, &least);
        least->left = n->left;
        least->right = right;
        n = least;
    }
    return balance(n);
}

static const struct node *find(const struct node *n, uint32_t key)
{
    while (n && n->key != key)
        n = key < n->key ? n->left : n->right;
    return n;
}

static struct node *make(uint32_t key, uint64_t random)
{
    int32_t length = (int32_t)(random >> 40 & 63);
    struct node *n = allocate((uint32_t)(sizeof(*n) + (uint32_t)length));

    n->left = n->right = 0;
    n->key = key;
    n->height = 1;
    n->length = length;
    for (int32_t i = 0; i < length; i++)
        n->text[i] = (uint8_t)(key + (uint32_t)i);
    return n;
}

uint64_t kernel(unsigned rounds)
{
    struct node *root = 0;
    uint64_t seed = 11, sum = 0;

    for (unsigned r = 0; r < rounds; r++) {
        uint64_t random = bench_random(&seed);
        uint32_t key = (uint32_t)(random >> 20) % KEYS;
        const struct node *there = find(root, key);
        if (there) {
            struct node *taken;
            if (there->length)
                sum += there->text[there->length - 1];
            root = take(root, key, &taken);
            release(taken);
        } else {
            root = insert(root, make(key, random));
        }
        sum = sum * 33 + (uint64_t)root->key + (uint64_t)height(root);
    }
    return bench_mix(sum, arena_used);
}
