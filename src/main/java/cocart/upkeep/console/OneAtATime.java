package cocart.upkeep.console;

import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Hands on a connection's requests one at a time, the next when the client has taken the whole answer to the last, and
 * none after an answer that ends the connection. Vert.x by itself keeps all requests that are sent ahead, however many, and
 * goes on to the next as soon as an answer lies in its own buffers: who sends many and takes none would fill the memory.
 */
final class OneAtATime extends ChannelDuplexHandler {

    /** Parts of requests that may wait; a GET has two. Browsers and most programs send nothing ahead. */
    private static final int MOST_WAITING = 32;

    private final Runnable written;
    private final Deque<Object> waiting = new ArrayDeque<>();
    private boolean answering;
    /** This answer ends the connection; the rest of its request may still come. */
    private boolean closing;
    /** Another request came after that. */
    private boolean ended;

    // what others ask for; only the connection's own thread changes it
    private volatile long untaken;
    private volatile long since;

    /** @param written called whenever there is more that the client has not taken yet */
    OneAtATime(Runnable written) {
        this.written = written;
    }

    /** Bytes of answers that are made and that the client has not taken. */
    long untaken() {
        return untaken;
    }

    /** Since when there is something that it has not taken, in {@link System#nanoTime()}. */
    long since() {
        return since;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object part) {
        ended |= closing && part instanceof HttpRequest;
        if (ended) {
            ReferenceCountUtil.release(part);
        } else if (!answering || (waiting.isEmpty() && !(part instanceof HttpRequest))) {
            pass(context, part);
        } else if (waiting.size() < MOST_WAITING) {
            waiting.add(part);
        } else {
            ReferenceCountUtil.release(part);
            context.close();
        }
    }

    private void pass(ChannelHandlerContext context, Object part) {
        answering |= part instanceof HttpRequest;
        context.fireChannelRead(part);
    }

    @Override
    public void write(ChannelHandlerContext context, Object part, ChannelPromise promise) {
        long bytes = part instanceof ByteBufHolder holder ? holder.content().readableBytes() : 0;
        boolean last = part instanceof LastHttpContent
                && !(part instanceof HttpResponse response
                        && response.status().codeClass() == HttpStatusClass.INFORMATIONAL);
        closing |= part instanceof HttpResponse response
                && response.headers().contains(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        if (untaken == 0) {
            since = System.nanoTime();
        }
        untaken += bytes;
        context.write(part, promise.unvoid()).addListener(taken -> {
            untaken -= bytes;
            if (last) {
                context.executor().execute(() -> next(context)); // not amid the writing
            }
        });
        written.run();
    }

    private void next(ChannelHandlerContext context) {
        if (closing) {
            ended |= !waiting.isEmpty();
            drop();
        }
        answering = false;
        while (!waiting.isEmpty() && !(answering && waiting.peek() instanceof HttpRequest)) {
            pass(context, waiting.remove());
        }
        context.fireChannelReadComplete();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        drop();
    }

    private void drop() {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }
}
