# For gdb on an executor build: stops in one thread of a kernel and shows where the others are.
# docs/step-through-a-kernel.md has a session.  gdb -x scripts/kernel.gdb --args PROGRAM ARGUMENTS...

set breakpoint pending on
set print frame-arguments scalars
set style enabled off

define kernel-break
  break $arg0 if weft::executor::current_block->index.x == $arg1 && weft::executor::current_thread->linear == $arg2
end
document kernel-break
kernel-break FILE:LINE BLOCK THREAD
Stops at the line in one thread: BLOCK is blockIdx.x, THREAD its number in the block (threadIdx.x where the
block has one dimension).
end

define kernel-catch
  break weft::executor::BlockRunner::fail
  break weft::executor::BlockRunner::fail_in_deadlock
  break weft::executor::BlockRunner::stop
end
document kernel-catch
Stops where a check of the executor fails, in the thread that it is about, before the launch ends.
end

define kernel-where
  printf "block (%u, %u, %u), ", weft::executor::current_block->index.x, weft::executor::current_block->index.y, weft::executor::current_block->index.z
  printf "thread (%u, %u, %u)", weft::executor::current_thread->index.x, weft::executor::current_thread->index.y, weft::executor::current_thread->index.z
  printf " of %u\n", weft::executor::current_block->block_dim.x * weft::executor::current_block->block_dim.y * weft::executor::current_block->block_dim.z
end
document kernel-where
Prints blockIdx and threadIdx of the CUDA thread that runs now.
end

python
import gdb

class KernelThreads(gdb.Command):
    """Prints what the threads of the running block are doing, those alike together."""

    def __init__(self):
        super().__init__("kernel-threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        block = gdb.parse_and_eval("*weft::executor::BlockRunner::current_runner_->block_")
        running = int(gdb.parse_and_eval("weft::executor::current_thread->linear"))
        start = block["threads"]["_M_impl"]["_M_start"]
        end = block["threads"]["_M_impl"]["_M_finish"]
        groups = {}
        for number in range(int(end - start)):
            thread = start[number]
            warp = block["warps"][number // 32]
            if number == running:
                state = "runs"
            elif not int(warp["alive"]) >> number % 32 & 1:
                state = "has left the kernel"
            elif int(thread["fiber"]) == 0:
                state = "has not started"
            elif int(warp["ready"]) >> number % 32 & 1:
                state = "can go on"
            else:
                site = thread["site"]["_M_impl"].dereference()
                state = "waits in %s, line %d" % (thread["waits_for"].string(), int(site["_M_line"]))
            groups.setdefault(state, []).append(number)
        for state, numbers in groups.items():
            print("%4d %s: thread %s" % (len(numbers), state, ranges(numbers)))

def ranges(numbers):
    """[0, 1, 2, 5] as "0 to 2, 5"."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else "%d to %d" % (a, b) for a, b in runs)

KernelThreads()
end
