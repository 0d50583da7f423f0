# SPDX-License-Identifier: Apache-2.0
# Instructions on many operands, here and under QEMU's user-mode emulator: peer/*.c with *_asm.S beside it.
set(A64_PEER_DIR ${CMAKE_CURRENT_LIST_DIR})
find_program(A64_GCC aarch64-linux-gnu-gcc)
if(NOT A64_GCC OR NOT TARGET orrery)
  return()
endif()
set(A64_PEER_FLAGS -O2 -Wall -Wextra -Werror -ffreestanding -fno-pie -no-pie -nostdlib -static -mgeneral-regs-only
  -mstrict-align -fno-tree-loop-distribute-patterns -I${PROJECT_SOURCE_DIR} -Wl,--build-id=none,--no-warn-rwx-segments)
file(GLOB A64_PEERS CONFIGURE_DEPENDS ${A64_PEER_DIR}/*.c)
set(A64_PEER_PROGRAMS "")
# Lockstep runs both executors: sanitizers see all in that.
set(A64_PEER_MODES interp jit lockstep)
if(ORRERY_SANITIZE)
  set(A64_PEER_MODES lockstep)
endif()
foreach(source ${A64_PEERS})
  get_filename_component(name ${source} NAME_WE)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/arm64-peer/${name})
  set(parts ${source} ${A64_PEER_DIR}/${name}_asm.S)
  set(guests ${A64_PEER_DIR}/../guests)
  add_custom_command(OUTPUT ${program}.elf ${program}.linux
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/arm64-peer
    COMMAND ${A64_GCC} ${A64_PEER_FLAGS} -Wl,-T,${guests}/guest.ld -o ${program}.elf ${guests}/start.S ${parts}
    COMMAND ${A64_GCC} ${A64_PEER_FLAGS} -DPEER_LINUX -o ${program}.linux ${parts}
    DEPENDS ${parts} ${A64_PEER_DIR}/peer.h ${guests}/guest.h ${guests}/guest.ld ${guests}/start.S
    VERBATIM)
  list(APPEND A64_PEER_PROGRAMS ${program}.elf)
  foreach(mode ${A64_PEER_MODES})
    add_test(NAME cpu.arm64.peer.${name}.${mode}
      COMMAND ${A64_PEER_DIR}/same_text $<TARGET_FILE:orrery> ${mode} ${program}.elf ${program}.linux)
    set_tests_properties(cpu.arm64.peer.${name}.${mode} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
  endforeach()
endforeach()
add_custom_target(arm64-peer ALL DEPENDS ${A64_PEER_PROGRAMS})
