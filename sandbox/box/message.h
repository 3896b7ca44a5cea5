// Messages with open files over a SOCK_SEQPACKET socket: one plain struct, whole or not at all. No
// allocation; used in keepers, in the interpreter's library and in clients.
//
//   send_message(socket, &ended, sizeof ended, nullptr, 0);
#pragma once

#include <cstddef>

namespace reckon::box {

constexpr int kMostFiles = 12;

bool send_message(int socket, const void* data, size_t size, const int* files, int count);

// Bytes received; 0 when the other side is gone; -1 on an error or a message of another size (errno
// says which). `files` takes up to kMostFiles descriptors, close-on-exec; `count` says how many
// came.
long receive_message(int socket, void* data, size_t size, int* files, int* count);

}  // namespace reckon::box
