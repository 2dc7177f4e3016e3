// Refreshes an access token, uses it, revokes the refresh token, and sees that it
// is refused from then on. Needs Newtonsoft.Json. With Mono:
//
//   mcs -lib:/usr/lib/cli/Newtonsoft.Json-5.0 -r:Newtonsoft.Json.dll -r:Microsoft.CSharp.dll Refresh.cs
//   SITE=https://example.com CLIENT_ID=… CLIENT_SECRET=… REFRESH_TOKEN=… mono Refresh.exe
using System;
using System.IO;
using System.Net;
using Newtonsoft.Json;

static class Refresh
{
    static int Main()
    {
        try
        {
            Run();
            return 0;
        }
        catch (WebException e)
        {
            var status = Status(e);
            if (status >= 400 && status < 500 && status != 429)
            {
                Console.Error.WriteLine("refused: status {0}, {1}", status, Text(e.Response));
                return 1;
            }
            Console.Error.WriteLine("{0} This says nothing of the token: keep it, and try again later", e.Message);
            return 75;
        }
    }

    static void Run()
    {
        var refreshToken = Env("REFRESH_TOKEN");

        dynamic token = Refreshed(refreshToken);
        Console.WriteLine("refreshed: an access token for {0} seconds", token.expires_in);

        // The answer always has the refresh token to use next time: the same one,
        // or the one that replaces it.
        refreshToken = token.refresh_token;

        var resource = Open("resource");
        resource.Headers["Authorization"] = "Bearer " + token.access_token;
        dynamic user = Read(resource);
        Console.WriteLine("resource: {0}", user.username);

        Post(new
        {
            grant_type = "revoke_token",
            client_id = Env("CLIENT_ID"),
            client_secret = Env("CLIENT_SECRET"),
            token = refreshToken
        });
        Console.WriteLine("revoked");

        try
        {
            Refreshed(refreshToken);
        }
        catch (WebException e) when (Status(e) == 400)
        {
            dynamic answer = JsonConvert.DeserializeObject(Text(e.Response));
            Console.WriteLine("refused: {0}", answer.error);
            return;
        }
        throw new Exception("a revoked token was not refused");
    }

    static object Refreshed(string refreshToken)
    {
        return Post(new
        {
            grant_type = "refresh_token",
            client_id = Env("CLIENT_ID"),
            client_secret = Env("CLIENT_SECRET"),
            refresh_token = refreshToken
        });
    }

    // Sends parameters to the token endpoint as JSON; returns the answer's.
    static object Post(object parameters)
    {
        var request = Open("token");
        request.Method = "POST";
        request.ContentType = "application/json";
        using (var writer = new StreamWriter(request.GetRequestStream()))
        {
            writer.Write(JsonConvert.SerializeObject(parameters));
        }
        return Read(request);
    }

    static HttpWebRequest Open(string route)
    {
        return (HttpWebRequest)WebRequest.Create(Env("SITE") + "/wp-json/moserver/" + route);
    }

    static object Read(HttpWebRequest request)
    {
        using (var response = request.GetResponse()) // throws WebException on 400 and above
        {
            return JsonConvert.DeserializeObject(Text(response));
        }
    }

    static string Text(WebResponse response)
    {
        using (var reader = new StreamReader(response.GetResponseStream()))
        {
            return reader.ReadToEnd();
        }
    }

    static int Status(WebException e)
    {
        var response = e.Response as HttpWebResponse;
        return response == null ? 0 : (int)response.StatusCode;
    }

    static string Env(string name)
    {
        return Environment.GetEnvironmentVariable(name);
    }
}
