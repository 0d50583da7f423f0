# SPDX-License-Identifier: Apache-2.0
# The program that runs under QEMU; without a compiler for it the test is empty.
find_program(A32_GCC arm-linux-gnueabihf-gcc)
set(TEST_TIMEOUT 600)
if(A32_GCC)
  set(a32_peer_dir ${CMAKE_CURRENT_SOURCE_DIR}/cpu/arm64/peer/a32)
  set(a32_peer ${CMAKE_CURRENT_BINARY_DIR}/a32-peer)
  add_custom_command(OUTPUT ${a32_peer}
    COMMAND ${A32_GCC} -O2 -marm -static -march=armv8-a -mfpu=neon-fp-armv8 -o ${a32_peer}
      ${a32_peer_dir}/program.c ${a32_peer_dir}/program_asm.S
    DEPENDS ${a32_peer_dir}/program.c ${a32_peer_dir}/program_asm.S ${a32_peer_dir}/record.h
    VERBATIM)
  add_custom_target(arm64-a32-peer ALL DEPENDS ${a32_peer})
  add_definitions(-DA32_PEER="${a32_peer}")
endif()
