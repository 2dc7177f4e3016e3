import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Refreshes an access token, uses it, revokes the refresh token, and sees that it is refused from
 * then on. Needs a JDK, 11 or later, and nothing else.
 *
 * <pre>SITE=https://example.com CLIENT_ID=… CLIENT_SECRET=… REFRESH_TOKEN=… java Refresh.java</pre>
 */
public class Refresh {
    static int status; // of the last answer
    static String body;

    public static void main(String[] args) {
        try {
            run();
        } catch (IOException e) {
            later("no answer (" + e.getMessage() + ")");
        }
    }

    static void run() throws IOException {
        String refreshToken = System.getenv("REFRESH_TOKEN");

        // Older clients send username and password along. Nobody reads them: leave them out of new code.
        post("grant_type", "refresh_token", "username", System.getenv("WP_USERNAME"),
            "password", System.getenv("WP_PASSWORD"), "refresh_token", refreshToken);
        expect(200, "not refreshed");
        String accessToken = member("access_token");
        System.out.println("refreshed: an access token for " + member("expires_in") + " seconds");

        // The answer always has the refresh token to use next time: the same one, or the one that
        // replaces it.
        refreshToken = member("refresh_token");

        HttpURLConnection resource = open("resource");
        resource.setRequestProperty("Authorization", "Bearer " + accessToken);
        read(resource);
        expect(200, "the access token is not accepted");
        System.out.println("resource: " + member("username"));

        post("grant_type", "revoke_token", "token", refreshToken);
        expect(200, "not revoked");
        System.out.println("revoked");

        post("grant_type", "refresh_token", "refresh_token", refreshToken);
        expect(400, "a revoked token was not refused");
        System.out.println("refused: " + member("error"));
    }

    /** Sends names and values in turn to the token endpoint, with the credentials in the header. */
    static void post(String... parameters) throws IOException {
        StringBuilder content = new StringBuilder();
        for (int i = 0; i < parameters.length; i += 2) {
            if (parameters[i + 1] != null) {
                content.append(i == 0 ? "" : "&").append(parameters[i]).append('=')
                    .append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
            }
        }
        String credentials = System.getenv("CLIENT_ID") + ":" + System.getenv("CLIENT_SECRET");
        String authentication = Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
        HttpURLConnection connection = open("token");
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Authorization", "Basic " + authentication);
        connection.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
        connection.setRequestProperty("Accept", "application/json");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(content.toString().getBytes(StandardCharsets.US_ASCII));
        }
        read(connection);
    }

    static HttpURLConnection open(String route) throws IOException {
        URL url = new URL(System.getenv("SITE") + "/wp-json/moserver/" + route);
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setReadTimeout(45_000); // a database that is away may keep an answer waiting
        return connection;
    }

    static void read(HttpURLConnection connection) throws IOException {
        status = connection.getResponseCode();
        try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            body = in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        if (status == 429 || status >= 500) {
            later("status " + status);
        }
    }

    static void later(String what) {
        System.err.println(what + " says nothing of the token: keep it, and try again later");
        System.exit(75);
    }

    /** A member of the answer. It suffices for these; for more, use a JSON library. */
    static String member(String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}]+)").matcher(body);
        return matcher.find() ? matcher.group(1) : "";
    }

    static void expect(int wanted, String message) {
        if (status != wanted) {
            System.err.println(message + ": status " + status + ", " + member("error") + " " + member("error_description"));
            System.exit(1);
        }
    }
}
