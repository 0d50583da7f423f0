# SPDX-License-Identifier: Apache-2.0
# Bare-metal guests: every guests/*.S is one program, run under each executor. Exit status 0 = passed,
# else the line of the check that failed (its low eight bits).
set(RV_GUEST_DIR ${CMAKE_CURRENT_LIST_DIR}/guests)
find_program(RV_GCC riscv64-linux-gnu-gcc)
if(NOT RV_GCC OR NOT TARGET orrery)
  message(STATUS "RISC-V guests are not tested: riscv64-linux-gnu-gcc or the orrery program is missing")
  return()
endif()
file(GLOB RV_GUESTS CONFIGURE_DEPENDS ${RV_GUEST_DIR}/*.S)
set(RV_GUEST_PROGRAMS "")
foreach(source ${RV_GUESTS})
  get_filename_component(name ${source} NAME_WE)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/riscv-guests/${name}.elf)
  add_custom_command(OUTPUT ${program}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/riscv-guests
    COMMAND ${RV_GCC} -mabi=lp64d -mcmodel=medany -fno-pie -no-pie -nostdlib -static
      -march=rv64gc_zba_zbb_zbc_zbs_zbkb_zbkx_zknd_zkne_zknh_zksed_zksh_zfh
      -Wl,--build-id=none,--no-warn-rwx-segments,-T,${RV_GUEST_DIR}/guest.ld -o ${program} ${source}
    DEPENDS ${source} ${RV_GUEST_DIR}/guest.h ${RV_GUEST_DIR}/guest.ld
    VERBATIM)
  list(APPEND RV_GUEST_PROGRAMS ${program})
  foreach(mode interp jit lockstep)
    add_test(NAME cpu.riscv.guests.${name}.${mode}
      COMMAND orrery run --board riscv-virt --cpu max --bios none --memory 64M --no-reboot
        --serial none --exec ${mode} --timeout 10s --kernel ${program})
    set_tests_properties(cpu.riscv.guests.${name}.${mode} PROPERTIES TIMEOUT 120)
  endforeach()
endforeach()
add_custom_target(riscv-guests ALL DEPENDS ${RV_GUEST_PROGRAMS})
